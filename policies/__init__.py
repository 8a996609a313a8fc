"""What plans are held against: checkov, this repo's own checks, and the dated exceptions to both."""
