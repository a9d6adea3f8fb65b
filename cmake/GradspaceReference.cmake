# Manual pages and shell completions: the command writes them, as it knows its options best. A command that
# can't run here, because it is built for another machine, leaves them out.
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  return()
endif()

set(reference ${PROJECT_BINARY_DIR}/reference)
add_custom_command(
  OUTPUT ${reference}/written
  COMMAND gradspace-cli reference man --out ${reference}/man
  COMMAND gradspace-cli reference bash --out ${reference}/bash
  COMMAND gradspace-cli reference zsh --out ${reference}/zsh
  COMMAND gradspace-cli reference fish --out ${reference}/fish
  COMMAND ${CMAKE_COMMAND} -E touch ${reference}/written
  DEPENDS gradspace-cli
  COMMENT "Writing manual pages and shell completions")
add_custom_target(gradspace-reference ALL DEPENDS ${reference}/written)

install(DIRECTORY ${reference}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(DIRECTORY ${reference}/bash/ DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(DIRECTORY ${reference}/zsh/ DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(DIRECTORY ${reference}/fish/ DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
