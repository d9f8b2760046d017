"""The technologies behind and in front of the rules, a package for each."""
