"""`python -m simpatient`."""

from simpatient.cli import main

if __name__ == "__main__":
    main()
