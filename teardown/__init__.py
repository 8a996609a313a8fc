"""An environment taken down: nothing lost that was not given up, nothing left that is billed.

states       what is deployed, by the stacks' states
phases       which stacks go together, and in which order
bill         what it costs until then, and what it saves
consent      what somebody has to say before data goes
backup       copies of all states, before anything goes
lifting      protection is taken off what is deployed
drain        what the cluster has made in the cloud goes before the cluster
sequence     all of it, one after the other
"""
