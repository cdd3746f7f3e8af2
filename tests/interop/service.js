// azure-iothub, as far as it speaks HTTPS to the hub's endpoints for devices' messages: shows what
// the hub answers, as one line of JSON.
//
//     node service.js get|purge DEVICE
//     node service.js complete|abandon        receives a batch of feedback and settles it
//
// IOTHUB_CONNECTION_STRING names no port, as real ones: the client knows 443 only. PORT is where it
// connects instead.
'use strict';

const https = require('https');
const { Registry, IoTHubTokenCredentials } = require('azure-iothub');
// The client that was generated from the public description of the endpoints; the package uses it
// for digital twins and shows it to nobody.
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
    // The constructor has set an agent of its own, and there is no public way to another.
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
