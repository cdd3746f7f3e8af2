// Performs one operation of a back end with azure-iothub over HTTPS, and prints the hub's response
// as one line of JSON.
//
//     node service.js get|purge DEVICE
//     node service.js complete|abandon        receives a batch of feedback and settles it
//
// IOTHUB_CONNECTION_STRING has no port, as the client supports only 443. It connects to PORT
// instead.
'use strict';

const https = require('https');
const { Registry, IoTHubTokenCredentials } = require('azure-iothub');
// This client is generated from the public description of the endpoints. The package uses it for
// digital twins, and does not export it.
const { IotHubGatewayServiceAPIs } = require('azure-iothub/dist/pl/iotHubGatewayServiceAPIs');

const [command, device] = process.argv.slice(2);
const connectionString = process.env.IOTHUB_CONNECTION_STRING;
const port = process.env.PORT;

function messages() {
    const credentials = new IoTHubTokenCredentials(connectionString);
    const baseUri = `https://${credentials.getHubName()}:${port}`;
    return new IotHubGatewayServiceAPIs(credentials, { baseUri }).cloudToDeviceMessages;
}

async function get() {
    const registry = Registry.fromConnectionString(connectionString);
    // The constructor has set its own agent. No public function replaces it.
    registry._restApiClient.setOptions({ http: { agent: new https.Agent({ port }) } });
    return (await registry.get(device)).responseBody;
}

async function purge() {
    return (await messages().purgeCloudToDeviceMessageQueue(device))._response.parsedBody;
}

async function feedback(settlement) {
    const api = messages();
    const { _response: response } = await api.receiveFeedbackNotification();
    const etag = response.headers.get('etag');
    if (!etag) {
        return { status: response.status };
    }
    const settled = await api[settlement](etag.replace(/"/g, ''));
    return { status: settled._response.status, records: JSON.parse(response.bodyAsText) };
}

const commands = {
    get,
    purge,
    complete: () => feedback('completeFeedbackNotification'),
    abandon: () => feedback('abandonFeedbackNotification'),
};

commands[command]().then(
    (result) => console.log(JSON.stringify(result)),
    (error) => {
        console.error(`${error.name}: ${error.message}`);
        process.exitCode = 1;
    },
);
