#include "opinions/database.h"

namespace gradspace::databases {

List list_toy(AnyCaseFiles& /*files*/) {
  return {{"good.png", "bad.png", "blur", 2.5, {}}, {"good.png", "lost.png", "blur", 1.0, {}}};
}

}  // namespace gradspace::databases
