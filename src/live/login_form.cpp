#include "live/login_form.h"

#include <fmt/format.h>

namespace gradspace::live {

Answer text_answer(unsigned status, std::string text) {
  Answer answer;
  answer.status = status;
  answer.body = std::make_shared<const std::string>(std::move(text));
  return answer;
}

Answer json_answer(std::string text) {
  Answer answer;
  answer.content_type = "application/json";
  answer.body = std::make_shared<const std::string>(std::move(text));
  return answer;
}

Answer login_form(unsigned status, std::string_view remark) {
  Answer answer;
  answer.status = status;
  answer.content_type = "text/html; charset=utf-8";
  answer.body = std::make_shared<const std::string>(fmt::format(
      R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>gradspace monitor</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/monitor.css">
</head>
<body class="login">
<main>
<h1>gradspace monitor</h1>
<form method="post" action="/login">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Sign in</button>
<p role="alert">{}</p>
</form>
</main>
</body>
</html>
)",
      remark));
  return answer;
}

}  // namespace gradspace::live
