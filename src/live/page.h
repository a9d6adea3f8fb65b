// The page and what it is made of, bundled by web/build.mjs into the module.
#pragma once

#include <span>
#include <string_view>

namespace gradspace::live {

struct PageAssets {
  std::span<const std::string_view> html;
  std::span<const std::string_view> script;
  std::span<const std::string_view> style;
  std::string_view icon;
};

PageAssets page_assets();

}  // namespace gradspace::live
