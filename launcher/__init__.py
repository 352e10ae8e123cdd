"""Everything behind `./kineme`: the environment it prepares, the servers it starts, the commands it runs."""
