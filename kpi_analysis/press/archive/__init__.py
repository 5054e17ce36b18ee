"""The archive of reports: what lies in a folder of reports, its page, earlier versions of a report."""
