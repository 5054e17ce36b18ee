"""The sections of reports: what they ask of a company, and how it is shown. One module a page."""
