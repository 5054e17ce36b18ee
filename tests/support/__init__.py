"""What several tests make use of: small companies, simulated and published series, sample reports, a mail server."""
