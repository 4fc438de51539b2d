"""Scripts that let a shell complete `git exp`, generated from the commands themselves."""
