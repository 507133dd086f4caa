"""What an operator can have the agent do, one file each."""
