"""Which of the patient's goals were voiced, told by the lines that voice them."""

from simpatient.persona.load import Patient


def goals_voiced(lines: set[str], patient: Patient) -> set[str]:
    """The patient's goals that these lines voiced, by line id."""
    banks = {**patient.techniques, **patient.events}
    found: set[str] = set()
    for line in lines:
        name, _, rest = line.partition(".")
        group = rest.partition(".")[0]
        if name in patient.topics and group == "full":
            found.update(patient.topics[name].goals)
        elif name in banks and group.isdigit() and 0 < int(group) <= len(banks[name]):
            found.update(banks[name][int(group) - 1].goals)
    return found
