import pytest

# the promises are in modules that are imported, where pytest would leave `assert` as it is
pytest.register_assert_rewrite("tests.contract")
