// What the handles of files stand for: none of it changes, so that many threads use it at once.
#pragma once

#include <memory>
#include <utility>

#include "capi/handles.h"
#include "gradspace/detector.h"
#include "gradspace/image.h"
#include "gradspace/linear_decoder.h"
#include "gradspace/model.h"

namespace gradspace::capi {

/// An object that holds a value of the library.
template <typename Value>
class Held : public Object {
 public:
  Held(const char* kind, Value held) : Object(kind), value(std::move(held)) {}

  const Value value;
};

struct ModelObject : Held<Model> {
  static constexpr const char* kKind = "model";
  explicit ModelObject(Model model) : Held(kKind, std::move(model)) {}
};

struct DetectorObject : Held<Detector> {
  static constexpr const char* kKind = "detector";
  explicit DetectorObject(Detector detector) : Held(kKind, std::move(detector)) {}
};

struct DecoderObject : Held<LinearDecoder> {
  static constexpr const char* kKind = "decoder";
  explicit DecoderObject(LinearDecoder decoder) : Held(kKind, std::move(decoder)) {}
};

struct PictureObject : Held<Image> {
  static constexpr const char* kKind = "picture";
  explicit PictureObject(Image image) : Held(kKind, std::move(image)) {}
};

/// The model of a handle, or null for a null handle.
inline std::shared_ptr<ModelObject> find_model_or_null(const gradspace_model* model) {
  return model == nullptr ? nullptr : find<ModelObject>(model);
}

}  // namespace gradspace::capi
