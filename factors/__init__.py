"""Factor programs: text, parameters, operators, policy, causality audit and sandboxed execution."""
