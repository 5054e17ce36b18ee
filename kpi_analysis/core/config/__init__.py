"""Configuration files of a workspace as strict models: the company file with its brand, and the targets file."""
