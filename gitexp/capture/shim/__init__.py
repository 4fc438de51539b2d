"""What is put in front of the modules of each Python that a run starts: it notes what they read.

Nothing here imports gitexp or anything that Python has not loaded at its start, for it runs in the Python of
whatever program it is: from 3.8 on, in any environment. That program must not notice.
"""
