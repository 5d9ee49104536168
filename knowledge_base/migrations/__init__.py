"""The history of the schema, applied when a store is opened."""
