"""Picture and task to Answer: engines, and the gate that says who may use them now."""
