// Receives a message with azure-iot-device over HTTPS, settles it, and prints its properties as one
// line of JSON.
//
//     node device.js complete|abandon|reject [CERTIFICATE KEY]
//
// IOTHUB_DEVICE_CONNECTION_STRING has no port, as the client supports only 443. Its agent connects
// to PORT instead.
'use strict';

const fs = require('fs');
const https = require('https');
const { Client } = require('azure-iot-device');
const { Http } = require('azure-iot-device-http');

const [outcome, certificate, key] = process.argv.slice(2);
const options = {
    http: {
        agent: new https.Agent({ port: process.env.PORT }),
        // One request, now: a poll after an abandon would lock the message again.
        receivePolicy: { at: new Date(), drain: false },
    },
};
if (certificate) {
    options.cert = fs.readFileSync(certificate, 'utf8');
    options.key = fs.readFileSync(key, 'utf8');
}

function fail(error) {
    console.error(`${error.name}: ${error.message}`);
    process.exit(1);
}

// Client does not report a refused receive, but its transport does.
class Transport extends Http {
    constructor(authentication) {
        super(authentication);
        this.on('error', fail);
    }
}

async function settle(client, message) {
    const result = await client[outcome](message);
    const properties = {};
    for (const { key: name, value } of message.properties.propertyList) {
        properties[name] = value;
    }
    console.log(JSON.stringify({
        body: message.data.toString(),
        messageId: message.messageId,
        correlationId: message.correlationId,
        to: message.to,
        expiry: message.expiryTimeUtc,
        properties,
        result: result.constructor.name,
    }));
    await client.close();
}

async function main() {
    const client = Client.fromConnectionString(process.env.IOTHUB_DEVICE_CONNECTION_STRING,
        Transport);
    await client.setOptions(options);
    client.on('message', (message) => settle(client, message).catch(fail));
}

main().catch(fail);
