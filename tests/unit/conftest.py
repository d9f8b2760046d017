"""What holds for all unit tests."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None)  # how busy it is says nothing of the code
settings.load_profile("any machine")
