"""Reports: one file per output format. They show findings and results; they decide nothing."""
