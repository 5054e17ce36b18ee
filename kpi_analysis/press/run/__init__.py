"""The running of reports: parameters, one report, its folder and its manifest."""
