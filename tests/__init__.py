import pytest

# The promises are in imported modules, in which pytest would not rewrite `assert`.
pytest.register_assert_rewrite("tests.contract")
