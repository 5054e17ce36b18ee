"""The command line `kpi`: arguments, printing, diagnosis and new workspaces."""
