"""What is wrong with a wrong gradient: one edit of one equation that explains every digit, or else where it begins."""
