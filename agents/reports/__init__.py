"""Research reports: PDFs from strangers, read as text and tables inside the sandbox."""
