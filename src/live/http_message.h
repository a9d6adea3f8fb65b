// Requests and answers, whatever library carries them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "live/routes.h"

namespace gradspace::live {

/// What of a request's head is looked at. A header that is there twice stands once, with both values.
struct RequestHead {
  Method method = Method::kOther;
  std::string target;
  std::string host;
  std::string authorization = {};
  std::string cookie = {};
  std::string origin = {};
  std::string fetch_site = {};  ///< Sec-Fetch-Site
  std::string fetch_mode = {};  ///< Sec-Fetch-Mode
  std::string own = {};         ///< X-Gradspace-Request, which no form of another site can send
  std::string content_type = {};
  std::string if_none_match = {};
  std::string peer = {};  ///< an address without its port
};

struct Answer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> body = {};  ///< null: empty
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool events = false;  ///< a stream of events begins in the place of a body
  bool close = false;   ///< the connection ends with this answer
};

Answer text_answer(unsigned status, std::string text);
Answer json_answer(std::string text);

}  // namespace gradspace::live
