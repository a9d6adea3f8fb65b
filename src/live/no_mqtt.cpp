// In the place of the MQTT output where its library was not found.
#include "gradspace/error.h"
#include "live/outputs.h"

namespace gradspace::live {

std::unique_ptr<AlarmOutput> make_mqtt_output(const MqttSettings&) {
  throw Error("outputs.mqtt: this gradspace was built without MQTT (libpaho-mqttpp)");
}

}  // namespace gradspace::live
