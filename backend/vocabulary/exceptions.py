from backend.common.errors import ApplicationError


class NameTaken(ApplicationError):
    """Another action of the project has the name; `details["action"]` says which."""

    code = "name_taken"


class NoName(ApplicationError):
    code = "no_name"
    status = 400


class ChangedMeanwhile(ApplicationError):
    """What was to be changed is no longer as the person saw it."""

    code = "changed_meanwhile"


class NothingToChange(ApplicationError):
    code = "nothing_to_change"


class CannotSplit(ApplicationError):
    code = "cannot_split"


class NothingToUndo(ApplicationError):
    code = "nothing_to_undo"


class NoSuchGroup(ApplicationError):
    code = "no_such_group"
    status = 404


class ActionDeprecated(ApplicationError):
    code = "action_deprecated"


class NoSuchExample(ApplicationError):
    code = "no_such_example"
    status = 400
