"""Who proposes factor programs: the `Proposer` contract and the offline grammar proposer."""
