"""The posterior of mean and spread, given reports in numbers and words."""
