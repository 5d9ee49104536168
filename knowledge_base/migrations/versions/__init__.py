"""One file a version; the numbers run on."""
