"""What holds for every test."""

from hypothesis import HealthCheck, settings

# Whether an example passes must not depend on what else the machine has to do meanwhile.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
