"""Proves that a run which was broken off is simply run again: `make faults`.

estate            a small environment of each cloud that has every resource type, in a copy of the repo
lane              that copy with a simulated world, which is set to a snapshot for each case
cases             every resource type by every action by every fault
drift             how a deployed thing is changed so that Terraform updates it in place
inventory         what is lost, doubled and left, by states and world
matrix            runs the cases, several beside each other
random_cases      faults at random operations of whole environments
table             the counts, and the table of docs/faults.md
"""
