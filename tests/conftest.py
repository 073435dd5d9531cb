from hypothesis import settings

# the same examples each time, and no time limit: a busy machine is slow
settings.register_profile("metatensor", deadline=None, derandomize=True, database=None)
settings.load_profile("metatensor")
