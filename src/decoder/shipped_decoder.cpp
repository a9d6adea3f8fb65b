// The decoder that is built in: shipped_decoder.safetensors, as it stands, within the library.
#include "decoder/decoder_file.h"
#include "gradspace/error.h"

#ifdef GRADSPACE_SHIPPED_DECODER
// What no C++ of today says: the bytes of a file between two symbols, unseen outside the library.
asm(".pushsection .rodata\n"
    ".balign 8\n"
    ".hidden gradspace_shipped_decoder_begin\n"
    ".hidden gradspace_shipped_decoder_end\n"
    ".globl gradspace_shipped_decoder_begin\n"
    ".globl gradspace_shipped_decoder_end\n"
    "gradspace_shipped_decoder_begin:\n"
    ".incbin \"" GRADSPACE_SHIPPED_DECODER
    "\"\n"
    "gradspace_shipped_decoder_end:\n"
    ".byte 0\n"
    ".popsection\n");

extern "C" {
[[gnu::visibility("hidden")]] extern const std::uint8_t gradspace_shipped_decoder_begin;
[[gnu::visibility("hidden")]] extern const std::uint8_t gradspace_shipped_decoder_end;
}
#endif

namespace gradspace {

const LinearDecoder& shipped_decoder() {
#ifdef GRADSPACE_SHIPPED_DECODER
  static const LinearDecoder& decoder = *new LinearDecoder(parse_decoder(
      parse_safetensors({&gradspace_shipped_decoder_begin, &gradspace_shipped_decoder_end},
                        "shipped decoder"),
      "shipped decoder"));
  return decoder;
#else
  throw Error("this build of gradspace has no decoder of its own; name one with --decoder FILE");
#endif
}

}  // namespace gradspace
