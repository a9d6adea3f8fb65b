// The page that asks for the token.
#pragma once

#include <string_view>

#include "live/http_message.h"

namespace gradspace::live {

/// `remark` is text of ours.
Answer login_form(unsigned status, std::string_view remark);

}  // namespace gradspace::live
