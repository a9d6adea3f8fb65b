#include <cstdlib>
#include <string_view>

#include "gradspace/source.h"

// A name that is accepted holds its own text, and that text is the same name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto name = gradspace::CureTsrName::parse(input)) {
    const std::string text = name->text();
    const auto again = gradspace::CureTsrName::parse(text + ".bmp");
    if (input.find(text) == std::string_view::npos || !again || again->text() != text) {
      std::abort();
    }
  }
  return 0;
}
