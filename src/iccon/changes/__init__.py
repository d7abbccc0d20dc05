"""What was changed in production: deploys, flags, configuration, from wherever they are told."""
