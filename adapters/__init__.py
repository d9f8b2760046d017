"""The technologies that drive the rules and that the rules drive, one package for each."""
