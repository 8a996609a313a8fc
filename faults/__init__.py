"""Proves that a command which was broken off is simply run again: `make faults`.

estate            a small environment of each cloud that has every resource type, in a copy of the repo
lane              that copy with a simulated world, which is set to a snapshot for each case
preparation       deploys it once, with snapshots
drift             how a deployed thing is changed so that Terraform updates it in place
cases             every resource type by every action by every fault
broken_command    one case: the command with a fault, the same command again, the inventory
inventory         what is lost, doubled and left, by states and world
matrix            all cases, several beside each other
random_cases      faults at random operations of whole environments
table             the counts, and the table of docs/faults.md
"""
