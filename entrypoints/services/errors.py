"""Why a service is missing. `str()` of each is one line for the person who started it."""


class ServiceTrouble(Exception):
    """The base of the following errors."""


class MissingProgram(ServiceTrouble):
    def __init__(self, program: str, package: str) -> None:
        super().__init__(f"{program} is not installed; on Debian: apt-get install {package}")


class PortUnusable(ServiceTrouble):
    def __init__(self, port: int, why: object) -> None:
        super().__init__(f"cannot use port {port}: {why}")


class DidNotStart(ServiceTrouble):
    def __init__(self, name: str, why: str, log: object) -> None:
        super().__init__(f"{name} did not start: {why} (log: {log})")
