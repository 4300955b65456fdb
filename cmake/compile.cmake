# Flags of every target, and gumshoe_library().
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
# A designated initialiser leaves the other fields at their defaults: that is what it is for.
add_compile_options(-Wno-missing-field-initializers)
if(GUMSHOE_WERROR)
  add_compile_options(-Werror)
endif()
if(GUMSHOE_SANITIZE)
  add_compile_options(-fsanitize=${GUMSHOE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${GUMSHOE_SANITIZE})
endif()
if(GUMSHOE_FUZZ)
  # The libraries count their branches; the fuzzers of tests/fuzz link the engine.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # In a unity build every source is an included file: g++ says of each coroutine there that its frame holds local types, and of a local
  # variable that it hides another file's constant.
  add_compile_options(-Wno-tsan -Wno-subobject-linkage -Wno-shadow -Wshadow=local)
endif()
# Paths in the binary are those of the repository, wherever it is built.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(CCACHE ccache)
if(CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# gumshoe_library(NAME FOLDER PUBLIC ... PRIVATE ...): every .cpp under FOLDER as library gumshoe_NAME.
function(gumshoe_library name folder)
  cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/${folder}/(third_party|world)/")  # not ours; a library of its own
  if(NOT sources)
    add_library(gumshoe_${name} INTERFACE)
    target_link_libraries(gumshoe_${name} INTERFACE ${arg_PUBLIC})
    return()
  endif()
  add_library(gumshoe_${name} STATIC ${sources})
  target_include_directories(gumshoe_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_link_libraries(gumshoe_${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
endfunction()
