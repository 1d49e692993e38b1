complete --keep-order --exclusive --command fbuild --arguments "(FBUILD_COMPLETE=fish fbuild -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
