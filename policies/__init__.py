"""Which of checkov's findings are accepted, why, and until when."""
