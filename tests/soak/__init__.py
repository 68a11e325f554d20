"""Load and faults for a while: does the server mix, lose or hold anything?"""
