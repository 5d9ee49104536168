"""Language models behind any OpenAI-compatible endpoint: asked within a budget, patiently, and on the record."""
