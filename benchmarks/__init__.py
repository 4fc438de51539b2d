"""What recording and looking cost, as ratios to something measured on this machine in the same minute."""
